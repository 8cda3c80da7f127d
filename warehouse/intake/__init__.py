"""What centres push: who may, what was taken in of each batch, and the answer it got. HTTP and signatures belong to portal.intake."""
