using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Losses;

/// <summary>What a hashing network is trained to make small; each method of the paper's comparison is one.</summary>
/// <remarks>
/// A loss may keep state from batch to batch, such as a bank of the codes seen so far. The state lives on the loss's device, belongs
/// to the loss, and goes into a checkpoint, so that a resumed run goes on as if it had not been broken off. Not for several threads.
/// </remarks>
public abstract class HashingLoss : IDisposable
{
    /// <summary>What the loss keeps between batches, by name: its own tensors, not copies. Empty for a loss without memory.</summary>
    public virtual IReadOnlyDictionary<string, Tensor> State { get; } = new Dictionary<string, Tensor>();

    /// <summary>Called before the first batch of every epoch, for methods that have a schedule or an alternating step.</summary>
    /// <param name="epoch">From 0.</param>
    /// <param name="epochs">Epochs of the whole training, by which schedules are scaled.</param>
    public virtual void BeginEpoch(int epoch, int epochs)
    {
    }

    /// <summary>The loss of one batch; updates the state first, where there is one.</summary>
    /// <param name="batch">What the network gave for the batch, and what is known of it.</param>
    /// <returns>Total and parts; they belong to the dispose scope of the caller.</returns>
    public LossValue Compute(LossBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using DisposeScope scope = NewDisposeScope();
        LossValue value = Evaluate(batch);
        _ = value.Total.MoveToOuterDisposeScope();
        foreach ((_, Tensor part) in value.Parts)
        {
            _ = part.MoveToOuterDisposeScope();
        }

        return value;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in State.Values)
        {
            tensor.Dispose();
        }

        DisposeOthers();
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees tensors that the loss holds beside its state.</summary>
    protected virtual void DisposeOthers()
    {
    }

    /// <summary>The equations of the method. Tensors made here are disposed of, but for those returned.</summary>
    protected abstract LossValue Evaluate(LossBatch batch);
}
