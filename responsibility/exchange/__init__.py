"""Tables that go out to a spreadsheet and come back: units, posts, matrix rows, and those of the floors above.

The way of a file: ``importing.receive`` keeps it → ``reading`` opens it, whatever it is, one line at a time →
``judging`` turns lines into rows and rows into changes, naming every fault by its cell → a report. ``importing.apply``
goes the same way again under the table's lock, writes as it goes, and undoes all of it at the first doubt.

A further table is one module with a ``Table`` (see ``units.py``), registered in its app's ``ready``.
"""
