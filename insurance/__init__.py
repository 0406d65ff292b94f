"""Floor 7: insurers, brokers, third-party firms and the insured: one folder for each part of it.

What is done here is told on chains of its own, and neither a row nor a chain of a case is ever locked or written: the
insurance side may be off, broken or slow, and cases open, rise and close as before (docs/adr/0009).
"""
