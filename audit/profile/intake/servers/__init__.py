"""Running MCP servers: ``named`` checks what the user asks for, ``live`` lists the tools of one. No tool is called."""
