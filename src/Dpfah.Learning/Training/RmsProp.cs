using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Training;

/// <summary>RMSProp as PyTorch has it by default: no momentum, not centred, weight decay added to the gradient (method, 5.1).</summary>
/// <remarks><c>g += wd·p; q = 0.99 q + 0.01 g²; p −= lr · g / (√q + eps)</c>, with ε after the root.</remarks>
public sealed class RmsProp : IDisposable
{
    /// <summary>Smoothing of the squared gradient.</summary>
    public const double Smoothing = 0.99;

    /// <summary>Added after the root.</summary>
    public const double Epsilon = 1e-8;

    private readonly (string Name, Tensor Parameter, Tensor SquareAverage)[] entries;
    private readonly double weightDecay;

    /// <summary>Starts with squared averages 0.</summary>
    /// <param name="parameters">What is optimised, by name; not owned.</param>
    /// <param name="learningRate">lr, above 0.</param>
    /// <param name="weightDecay">wd, not negative.</param>
    public RmsProp(IEnumerable<(string Name, Tensor Parameter)> parameters, double learningRate, double weightDecay)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(learningRate);
        ArgumentOutOfRangeException.ThrowIfNegative(weightDecay);
        LearningRate = learningRate;
        this.weightDecay = weightDecay;
        entries = [.. parameters.Select(p => (p.Name, p.Parameter, zeros_like(p.Parameter).DetachFromDisposeScope()))];
    }

    /// <summary>lr; a schedule changes it between epochs.</summary>
    public double LearningRate { get; set; }

    /// <summary>The squared averages q by the names of their parameters: the optimizer's own tensors, for a checkpoint.</summary>
    public IReadOnlyDictionary<string, Tensor> State => entries.ToDictionary(e => e.Name, e => e.SquareAverage, StringComparer.Ordinal);

    /// <summary>Forgets the gradients of the last batch.</summary>
    public void ClearGradients()
    {
        foreach ((_, Tensor parameter, _) in entries)
        {
            parameter.grad?.Dispose();
            parameter.grad = null;
        }
    }

    /// <summary>One step. A parameter without a gradient stays as it is.</summary>
    public void Step()
    {
        using IDisposable noGrad = no_grad();
        foreach ((_, Tensor parameter, Tensor squareAverage) in entries)
        {
            using DisposeScope scope = NewDisposeScope();
            if (parameter.grad is not Tensor gradient)
            {
                continue;
            }

            if (weightDecay != 0)
            {
                gradient = gradient.Plus(parameter, weightDecay);
            }

            _ = squareAverage.MultiplyBy(Smoothing).IncreaseByProduct(gradient, gradient, 1 - Smoothing);
            _ = parameter.IncreaseByQuotient(gradient, squareAverage.sqrt().IncreaseBy(Epsilon), -LearningRate);
        }
    }

    /// <summary>Length of the whole gradient: √ of the sum of squares over all parameters.</summary>
    public double GradientNorm()
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor[] norms = [.. entries.Select(e => e.Parameter.grad).OfType<Tensor>().Select(g => g.norm())];
        return norms.Length == 0 ? 0 : stack(norms).norm().to_type(ScalarType.Float64).item<double>();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((_, _, Tensor squareAverage) in entries)
        {
            squareAverage.Dispose();
        }
    }
}
