"""Statistics of comparisons: pure functions of arrays, which know no task and no metric.

What to read first: ``scores`` (what a method scored), ``clusters`` (which examples belong
together), then ``estimate`` and ``compare`` (figures and differences with intervals). ``holm``
corrects for many comparisons, ``power`` plans for more, ``cost``, ``latency`` and ``pareto`` help
to decide.
"""
