using static TorchSharp.torch;

namespace Dpfah.Learning.Networks;

/// <summary>From pictures to features, with weights that no longer change.</summary>
public interface IFeatureNetwork : IDisposable
{
    /// <summary>Length of a feature.</summary>
    int FeatureLength { get; }

    /// <summary>The feature φ of each picture.</summary>
    /// <param name="images">Normalised pictures, shape (B, 3, H, W), float32, on the device of the network.</param>
    /// <returns>Shape (B, features), on the same device; the caller owns it.</returns>
    Tensor Features(Tensor images);
}

/// <summary>
/// A network of an experiment as it was trained, in evaluation mode: for those that <see cref="InferenceBackbone"/> does not run.
/// </summary>
/// <param name="backbone">The network.</param>
/// <param name="owned">Whether it is disposed of with this.</param>
internal sealed class TrainedBackbone(Backbone backbone, bool owned = true) : IFeatureNetwork
{
    /// <inheritdoc/>
    public int FeatureLength => backbone.OutputLength;

    /// <inheritdoc/>
    public Tensor Features(Tensor images)
    {
        using IDisposable inference = inference_mode(true);
        backbone.eval();
        return backbone.call(images);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (owned)
        {
            backbone.Dispose();
        }
    }
}
