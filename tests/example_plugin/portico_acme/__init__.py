"""What Acme adds to Portico."""
