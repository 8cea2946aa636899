"""The scores of the WebNLG 2020 text-to-triples evaluation, as the metric ``webnlg-official``.

Read the modules in this order: ``tokens`` (triple -> tokens), ``alignment`` (which tokens of two
slots match), ``layout`` (matches -> spans), ``pairing`` (the spans of two triples), ``counts``
(spans -> precision, recall, F1), ``assignment`` (which triple is held against which), ``entry``
(an answer and its target), ``metric``.

Source: Castro Ferreira et al., "The 2020 Bilingual, Bi-Directional WebNLG+ Shared Task", 2020,
https://aclanthology.org/2020.webnlg-1.7. The scores are those of SemEval-2013 task 9.1,
https://aclanthology.org/S13-2056.
"""
