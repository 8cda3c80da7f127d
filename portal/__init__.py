"""What people and centres see: the intake and the centres' own client; desks and access come later."""
