using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Losses;

/// <summary>Weights of DSDH.</summary>
public sealed record DsdhOptions : LossOptions
{
    /// <summary>μ, weight of the fit of the labels.</summary>
    public double Mu { get; init; } = 1;

    /// <summary>ν, weight of the classifier's norm.</summary>
    public double Nu { get; init; } = 1;

    /// <summary>η, how much the discrete codes keep to the real ones.</summary>
    public double Eta { get; init; } = 55;

    /// <summary>Sweeps of the discrete step at the start of an epoch.</summary>
    public int Sweeps { get; init; } = 10;

    /// <summary>
    /// Weight of mean (b − u)², through which the discrete codes reach the network: the article's coupling. 0 as in the published
    /// comparisons, where the network is trained by the likelihood alone.
    /// </summary>
    public double Coupling { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<string> Faults() =>
    [
        .. AboveZero(Mu), .. AboveZero(Nu), .. FromZero(Eta), .. FromZero(Coupling),
        .. Unless(Sweeps is >= 1 and <= 1000, Sweeps, "it is from 1 to 1000"),
    ];
}

/// <summary>
/// DSDH: the likelihood of the pairs, beside discrete codes B and a linear classifier W that explain the labels, found by
/// alternating steps between epochs (Li et al., NeurIPS 2017; method 6.5).
/// </summary>
public sealed class DsdhLoss : HashingLoss
{
    private readonly DsdhOptions options;
    private readonly MemoryBank bank;
    private readonly Tensor codes;
    private readonly Tensor classifier;

    /// <summary>Starts with an empty bank, B = 0 and W = 0.</summary>
    public DsdhLoss(LossShape shape, DsdhOptions options)
    {
        this.options = options;
        bank = new MemoryBank(shape);
        codes = zeros(shape.Bits, shape.TrainingPictures, shape.Type, shape.Device).DetachFromDisposeScope();
        classifier = zeros(shape.Bits, shape.Classes, shape.Type, shape.Device).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> State =>
        new Dictionary<string, Tensor>(bank.State) { ["B"] = codes, ["W"] = classifier };

    /// <inheritdoc/>
    public override void BeginEpoch(int epoch, int epochs) => UpdateCodesAndClassifier();

    /// <summary>The discrete step: W by ridge regression, then B bit by bit, in turn.</summary>
    internal void UpdateCodesAndClassifier()
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor y = bank.Labels.T;                                                   // (classes, n)
        Tensor u = bank.Codes.T;                                                    // (bits, n)
        int bits = (int)codes.shape[0];
        Tensor ridge = (options.Nu / options.Mu).Times(eye(bits, dtype: codes.dtype, device: codes.device)); // ν/μ I
        for (int sweep = 0; sweep < options.Sweeps; sweep++)
        {
            using DisposeScope inner = NewDisposeScope();
            _ = classifier.copy_(linalg.solve(codes.mm(codes.T).Plus(ridge), codes.mm(y.T))); // W = (B Bᵀ + ν/μ I)⁻¹ B Yᵀ
            Tensor p = classifier.mm(y).Plus((options.Eta / options.Mu).Times(u));  // P: (bits, n)
            for (int k = 0; k < bits; k++)
            {
                using DisposeScope row = NewDisposeScope();
                Tensor w = classifier[k];                                           // w_k: (classes)
                Tensor others = classifier.mv(w);                                   // ⟨w_j, w_k⟩ of all rows j: (bits)
                others[k] = 0;                                                      // … but k
                _ = codes[k].copy_((p[k] - codes.T.mv(others)).sign());             // sgn(0) = 0: pictures not yet seen
            }
        }
    }

    /// <inheritdoc/>
    protected override LossValue Evaluate(LossBatch batch)
    {
        Tensor u = batch.RealCodes;
        bank.Write(u, batch);
        Tensor theta = Pairs.HalfProducts(u, bank.Codes);                           // (B, n)
        Tensor s = Pairs.Similarity(batch.Labels, bank.Labels);                     // (B, n)
        Tensor pair = Pairs.NegativeLogLikelihood(theta, s).mean();
        Tensor b = codes.index_select(1, batch.Indices);                            // constant: (bits, B)
        Tensor fit = (batch.Labels.T - classifier.T.mm(b)).Squared().mean();
        Tensor norm = classifier.Squared().mean();
        Tensor total = pair.Plus(options.Mu.Times(fit)).Plus(options.Nu.Times(norm)); // + μ fit + ν norm
        if (options.Coupling != 0)
        {
            total = total.Plus(options.Coupling.Times((b.T - u).Squared().mean()));
        }

        return new LossValue(total, [("pair", pair), ("fit", fit), ("reg", norm)]);
    }
}
