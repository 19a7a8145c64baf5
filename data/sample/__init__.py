"""The sample city: a seeded, realistic, synthetic Hefei on real division codes and names."""
