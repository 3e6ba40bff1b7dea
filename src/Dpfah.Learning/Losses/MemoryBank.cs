using static TorchSharp.torch;

namespace Dpfah.Learning.Losses;

/// <summary>The real codes and labels seen so far, one row a training picture (method, section 4.1).</summary>
/// <remarks>
/// Rows not yet seen are zero: their Θ is 0 and gives no gradient, but they count in the mean. Gradients never flow into the bank.
/// </remarks>
internal sealed class MemoryBank
{
    /// <summary>An empty bank.</summary>
    public MemoryBank(LossShape shape)
    {
        Codes = zeros(shape.TrainingPictures, shape.Bits, shape.Type, shape.Device).DetachFromDisposeScope();
        Labels = zeros(shape.TrainingPictures, shape.Classes, shape.Type, shape.Device).DetachFromDisposeScope();
    }

    /// <summary>U, shape (n, bits).</summary>
    public Tensor Codes { get; }

    /// <summary>Y, shape (n, classes).</summary>
    public Tensor Labels { get; }

    /// <summary>The state of a loss that keeps nothing but the bank.</summary>
    public IReadOnlyDictionary<string, Tensor> State => new Dictionary<string, Tensor> { ["U"] = Codes, ["Y"] = Labels };

    /// <summary>Writes the rows of a batch, detached; comes before the loss of the batch.</summary>
    /// <param name="codes">What the method keeps of u, shape (B, bits).</param>
    /// <param name="batch">Says whose rows they are.</param>
    public void Write(Tensor codes, LossBatch batch)
    {
        using IDisposable noGrad = no_grad();
        _ = Codes.index_copy_(0, batch.Indices, codes.detach());
        _ = Labels.index_copy_(0, batch.Indices, batch.Labels);
    }
}
