"""What findings live through: waivers, baselines, history."""
