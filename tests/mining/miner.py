"""A program for pm4py, run in an environment of its own: reads two logs and the published machine, tells the fitness.

``python miner.py LOG.xes LOG.json MACHINE.json``; the machine: ``{"initial", "final": [...], "moves": [[from, verb,
to], ...]}``. Writes JSON.
"""

import json
import sys
from pathlib import Path

import pm4py
from pm4py.objects.petri_net.obj import Marking, PetriNet
from pm4py.objects.petri_net.utils.petri_utils import add_arc_from_to


def published(machine: dict) -> tuple[PetriNet, Marking, Marking]:
    """The machine as a net: a place for each state, a transition for each move; a case may rest wherever it stands."""
    net, end = PetriNet("published"), PetriNet.Place("end")
    net.places.add(end)
    places: dict[str, PetriNet.Place] = {}

    def place(state: str) -> PetriNet.Place:
        if state not in places:
            places[state] = PetriNet.Place(state)
            net.places.add(places[state])
            join(places[state], end, None)
        return places[state]

    def join(source: PetriNet.Place, target: PetriNet.Place, verb: str | None) -> None:
        move = PetriNet.Transition(f"{source.name} {verb} {target.name}", verb)
        net.transitions.add(move)
        add_arc_from_to(source, move, net)
        add_arc_from_to(move, target, net)

    for source, verb, target in machine["moves"]:
        join(place(source), place(target), verb)
    return net, Marking({places[machine["initial"]]: 1}), Marking({end: 1})


def fitness(log, net: tuple) -> dict:
    """Token-based replay."""
    told = pm4py.fitness_token_based_replay(log, *net)
    return {"log": told["log_fitness"], "cases": told["perc_fit_traces"] / 100}


def astray(log, net: tuple) -> list[dict]:
    """The cases that do not fit, with the moves at which a token lacked."""
    replayed = pm4py.conformance_diagnostics_token_based_replay(log, *net)
    numbers = list(dict.fromkeys(log["case:concept:name"]))
    return [
        {"case": number, "lacked": [move.name for move in told["transitions_with_problems"]]}
        for number, told in zip(numbers, replayed, strict=True)
        if not told["trace_is_fit"]
    ]


def main(xes: str, ocel: str, machine: str) -> dict:
    """What the miner finds in both logs."""
    log = pm4py.read_xes(xes)
    objects = pm4py.read_ocel2_json(ocel)
    moves = log[log["bihuan:move"].notna()].copy()
    moves["concept:name"] = moves["bihuan:move"]
    said = published(json.loads(Path(machine).read_text()))
    discovered = pm4py.discover_petri_net_inductive(moves)
    flat = pm4py.ocel_flattening(objects, "case")
    return {
        "pm4py": pm4py.__version__,
        "xes": {"cases": int(log["case:concept:name"].nunique()), "events": len(log)},
        "ocel": {
            "events": len(objects.events),
            "objects": objects.objects["ocel:type"].value_counts().to_dict(),
            "relations": len(objects.relations),
            "of cases": len(flat),
        },
        "discovered": fitness(moves, discovered),
        "published": fitness(moves, said),
        "discovered in published": fitness(pm4py.play_out(*discovered), said),
        "astray": astray(moves, said)[:20],
        "paths": len(pm4py.get_variants(moves)),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])) + "\n")
