"""Reading locations: what their targets mean, files from addresses and folders, and what those name in turn.

Nothing here knows the database. `reading.read` reads a whole location through `doors`; `catalog.operations` applies
what came of it and keeps the record.
"""
