"""Who is audited: models through litellm, and simulated models."""
