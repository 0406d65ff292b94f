"""What beat asks for. Each task may be lost or run twice: the rows know what is due."""

from celery import shared_task

from cases import drills, recomputing, reminding, sweeping


@shared_task
def sweep_deadlines() -> None:
    """One sweep of all deadlines that have passed."""
    sweeping.sweep()


@shared_task
def remind() -> None:
    """Remind of every clock that has used 80 % of its time."""
    reminding.remind()


@shared_task
def run_drills() -> None:
    """The alerts of drills that are due, and the end of those that are over."""
    drills.tick()


@shared_task
def check_clocks() -> None:
    """Every clock worked out anew from its events, once a night."""
    recomputing.check()
