"""What other places show of Portico: badges, cards to embed, and the links by which they do."""
