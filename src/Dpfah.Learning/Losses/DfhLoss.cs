using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Losses;

/// <summary>Margin and weights of DFH.</summary>
public sealed record DfhOptions : LossOptions
{
    /// <summary>m, margin of the likelihood.</summary>
    public double Margin { get; init; } = 3;

    /// <summary>μ, how much a picture's target code follows its class centre.</summary>
    public double Mu { get; init; } = 0.1;

    /// <summary>Weight that pushes the class centres apart ("vul").</summary>
    public double Separation { get; init; } = 1;

    /// <summary>Weight that pulls the centres to ±1 ("nta").</summary>
    public double CentreQuantization { get; init; } = 1;

    /// <summary>η, weight of the quantisation term.</summary>
    public double Eta { get; init; } = 0.5;

    /// <summary>Gradient steps on the centres in each batch.</summary>
    public int Steps { get; init; } = 200;

    /// <inheritdoc/>
    public override IEnumerable<string> Faults() =>
    [
        .. FromZero(Margin), .. FromZero(Mu), .. FromZero(Separation), .. FromZero(CentreQuantization), .. FromZero(Eta),
        .. Unless(Steps is >= 0 and <= 100_000, Steps, "it is from 0 to 100000"),
    ];
}

/// <summary>
/// DFH: a likelihood with a margin, and codes drawn towards discrete targets that follow relaxed class centres V (Li et al., BMVC
/// 2019; method 6.6).
/// </summary>
public sealed class DfhLoss : HashingLoss
{
    private const double FirstRate = 0.03;
    private const double RateDecay = 0.1;

    private readonly DfhOptions options;
    private readonly MemoryBank bank;
    private readonly Tensor centres;
    private readonly Tensor centreTarget;

    /// <summary>Starts with an empty bank and centres 0.</summary>
    public DfhLoss(LossShape shape, DfhOptions options)
    {
        this.options = options;
        bank = new MemoryBank(shape);
        centres = zeros(shape.Bits, shape.Classes, shape.Type, shape.Device).DetachFromDisposeScope();
        using DisposeScope scope = NewDisposeScope();

        // Inner products wanted of the centres: l with themselves, −l with each other.
        Tensor own = eye(shape.Classes, dtype: shape.Type, device: shape.Device);   // I
        centreTarget = ((double)shape.Bits).Times(2.0.Times(own).Minus(1)).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> State => new Dictionary<string, Tensor>(bank.State) { ["V"] = centres };

    /// <inheritdoc/>
    protected override void DisposeOthers() => centreTarget.Dispose();

    /// <inheritdoc/>
    protected override LossValue Evaluate(LossBatch batch)
    {
        Tensor u = batch.RealCodes;
        bank.Write(u, batch);
        Tensor b = TargetCodes(u, batch.Labels);                                    // constant: (bits, B)
        MoveCentres(batch.Labels, b);
        Tensor s = Pairs.Similarity(batch.Labels, bank.Labels);                     // (B, n)
        Tensor theta = Pairs.HalfProducts(u, bank.Codes).ClampedTo(-100, 50);       // no gradient beyond: (B, n)
        Tensor different = Pairs.Softplus(theta.Plus(options.Margin));              // log(1 + e^(m + Θ)): (B, n)
        Tensor similar = Pairs.Softplus(options.Margin.Minus(theta));               // log(1 + e^(m − Θ)): (B, n)
        Tensor pair = (1.0.Minus(s) * different).Plus(s * similar).mean();
        Tensor quantization = (b - u.T).Squared().mean();
        return new LossValue(pair.Plus(options.Eta.Times(quantization)), [("pair", pair), ("quant", quantization)]);
    }

    /// <summary>b = sgn(μ sgn(V) yᵀ + uᵀ).</summary>
    private Tensor TargetCodes(Tensor u, Tensor y)
    {
        using IDisposable noGrad = no_grad();
        return options.Mu.Times(centres.sign().mm(y.T)).Plus(u.detach().T).sign();
    }

    /// <summary>Plain gradient steps on the centres; the gradient is written out, a graph of 200 steps would cost more.</summary>
    private void MoveCentres(Tensor y, Tensor b)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();

        // mean(V yᵀ − b)² has the gradient 2 (V yᵀy − b y) / (l B): its products with the batch are the same in all steps.
        double fitScale = 2.0 / b.NumberOfElements;
        double apartScale = 4.0 / centreTarget.NumberOfElements * options.Separation;
        double signScale = 2.0 / centres.NumberOfElements * options.CentreQuantization;
        Tensor gram = y.T.mm(y);                                                    // (classes, classes)
        Tensor sums = b.mm(y);                                                      // (bits, classes)
        double rate = FirstRate;
        for (int step = 1; step <= options.Steps; step++)
        {
            using DisposeScope inner = NewDisposeScope();
            if (step is 150 or 180)
            {
                rate *= RateDecay;
            }

            Tensor apart = centres.T.mm(centres) - centreTarget;                    // VᵀV − l(2I − 11ᵀ)
            Tensor gradient = fitScale.Times(centres.mm(gram) - sums)
                .Plus(apartScale.Times(centres.mm(apart)))
                .Plus(signScale.Times(centres - centres.sign()));
            _ = centres.sub_(rate.Times(gradient));
        }
    }
}
