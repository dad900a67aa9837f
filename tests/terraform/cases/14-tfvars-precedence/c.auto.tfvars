from_auto_late = "c.auto"
