"""The simulated company: state, operations, tool-call dialects and the gateway that every call passes."""
