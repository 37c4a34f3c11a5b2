"""Pictures of the pages, for people to look at: run by `bin/screenshots`, never as tests."""
