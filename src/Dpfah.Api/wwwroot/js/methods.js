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

/** What options do, in few words; those that mean another thing in one method are under its name. */
const optionHelps = {
  eta: 'weight of keeping codes near ±1', zeta: 'weight of the classes', delta: 'how far beyond ±1 costs nothing',
  likelihoodInput: 'how outputs enter the pairs', pairs: 'what a picture is paired with', quantization: 'how bits are summed up', classLoss: 'how labels are learnt',
  alpha: 'weight of keeping codes near ±1', stages: 'steps towards hard bits', p: '2: square, 1: magnitude',
  mu: 'weight of fitting the labels', nu: 'keeps the classifier small', sweeps: 'passes over the bits, each epoch', coupling: 'pull to the discrete codes',
  margin: 'how far apart others must be', separation: 'pushes classes apart', centreQuantization: 'pulls class centres to ±1', steps: 'on the centres, each batch',
  gamma: 'weight of pairs that share some labels', lambda: 'weight of keeping codes near ±1',
  dbdh: { alpha: 'weight of balanced bits' }, hashnet: { alpha: 'scale of code products' }, idhn: { alpha: 'scale of code products' },
  dsdh: { eta: 'how close to the real codes' }, dfh: { mu: 'how closely to follow class centres' }, lcdsh: { lambda: 'weight of keeping neighbours' },
};

export const optionHelp = (method, option) => optionHelps[method]?.[option] ?? optionHelps[option];

/** The words that options take, as they are shown; the service takes them as they are. */
export const optionWords = {
  clamp1: 'cut at ±1', identity: 'as they are', clampDelta: 'cut at ±delta', bank: 'all pictures (bank)', batch: 'those of its batch',
  mean: 'mean', sumOverBits: 'sum over bits', byLabels: 'by the labels', softmax: 'one class each', sigmoid: 'several classes each',
};

const partNames = {
  L1: 'pairs (L1)', L2: 'near ±1 (L2)', L3: 'classes (L3)', pair: 'pairs', quant: 'near ±1', fit: 'labels', reg: 'classifier\'s size',
  positive: 'like pairs', negative: 'unlike pairs', balance: 'balance', locality: 'neighbours',
};

/** The parts of a loss, as they are shown. */
export const partName = name => partNames[name] ?? name;

/** Those that need no labels: they fit a hash layer to the features of a network that is there. */
export const withoutLabels = {
  itq: { title: 'ITQ', source: 'Gong and Lazebnik, CVPR 2011' },
  pca: { title: 'PCA', source: 'signs of principal components' },
  lsh: { title: 'LSH', source: 'signs of random projections' },
};
