"""The incidents app over HTTP: load, authorise, one domain call, answer."""
