// Methods of training and the options of their losses. The service fills in whatever is left out: the defaults here are only shown.

/** By name: title, source, options with their defaults (of words, all that there are, the default first). */
export const methods = {
  "dpfah": { "title": "DPFAH", "source": "Yang, Wang, Cheng, Sci Rep 2022", "options": {
    "eta": 10, "zeta": 0.1, "delta": 1.1, "likelihoodInput": ["clamp1", "identity", "clampDelta"], "pairs": ["bank", "batch"],
    "quantization": ["mean", "sumOverBits"], "classLoss": ["byLabels", "softmax", "sigmoid"] } },
  "dsh": { "title": "DSH", "source": "Liu et al., CVPR 2016", "options": { "alpha": 0.1 } },
  "dhn": { "title": "DHN", "source": "Zhu et al., AAAI 2016", "options": { "alpha": 0.1 } },
  "hashnet": { "title": "HashNet", "source": "Cao et al., ICCV 2017", "options": { "alpha": 0.1, "stages": 7.5 } },
  "dbdh": { "title": "DBDH", "source": "Zheng, Zhang, Lu, Neurocomputing 2020", "options": { "alpha": 0.1, "p": 2 } },
  "dsdh": { "title": "DSDH", "source": "Li et al., NeurIPS 2017", "options": { "mu": 1, "nu": 1, "eta": 55, "sweeps": 10, "coupling": 0 } },
  "dfh": { "title": "DFH", "source": "Li et al., BMVC 2019", "options": {
    "margin": 3, "mu": 0.1, "separation": 1, "centreQuantization": 1, "eta": 0.5, "steps": 200 } },
  "idhn": { "title": "IDHN", "source": "Zhang et al., TMM 2019", "options": { "alpha": 0.5, "gamma": 0.1, "lambda": 0.1 } },
  "lcdsh": { "title": "LCDSH", "source": "Zhu, Gao, IJCAI 2017", "options": { "lambda": 3 } }
};

/** Those that need no labels: they fit a hash layer to the features of a network that is there. */
export const withoutLabels = {
  itq: { title: 'ITQ', source: 'Gong and Lazebnik, CVPR 2011' },
  pca: { title: 'PCA', source: 'signs of principal components' },
  lsh: { title: 'LSH', source: 'signs of random projections' },
};
