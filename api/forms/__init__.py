"""The form above a table of features: what was asked, as people and other programs would say it.

``rows`` turns filters into conditions of a form, ``qgis`` into what QGIS would send, ``commands`` into command lines,
``trouble`` says problems in Chinese; ``items`` puts together what the template asks.
"""
