"""The incidents app over HTTP, for programs."""
