"""The weekly digest: what happened, as facts, as pictures, as a letter, and sending it."""
