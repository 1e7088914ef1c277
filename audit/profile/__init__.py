"""What an organisation declares about its agent: the profile, its checks, and the facts that checklists ask for."""
