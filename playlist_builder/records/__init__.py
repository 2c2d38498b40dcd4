"""What really happens while a session plays, as events, and what was heard by them."""
