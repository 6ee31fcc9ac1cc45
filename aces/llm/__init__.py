"""The one way to speak to a served model, whoever serves it: vLLM, transformers, a hosted API."""
