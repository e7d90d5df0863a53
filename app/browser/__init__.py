"""Fine-tuning in the learner's browser: `engine.objective` as graphs, their runtime, and the files they read.

graphs.py traces the step into ONNX and `python -m app.browser` (`make assets`) writes assets/browser;
runtime.py fetches onnxruntime-web; files.py makes what the server hands out, page.py says where it is. What
runs in the browser is assets/js/training/.
"""
