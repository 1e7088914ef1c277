"""The two ways a model can ask for a tool: native tool calls, and tags in the reply text."""
