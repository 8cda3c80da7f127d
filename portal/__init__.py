"""What people and centres see: intake, desks, access. Not built yet; later releases fill this room."""
