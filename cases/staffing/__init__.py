"""The what-if of staffing (推演): alerts replayed against other minutes, rosters and stations, in memory only.

The rules are those of the product: what is promised (``cases.policy``), what widens a loop (``cases.loops``), what
joins (``cases.opening``), who leads (``policy.Owners``), who is called (``cases.ladder``), what is sent
(``resources.matching``). Only people and time are played: who is free, how long things take.
"""
