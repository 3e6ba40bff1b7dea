using Dpfah.Learning.Hashing;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Networks;

/// <summary>From pictures to features, with weights that no longer change.</summary>
public interface IFeatureNetwork : IDisposable
{
    /// <summary>Length of a feature.</summary>
    int FeatureLength { get; }

    /// <summary>The feature φ of each picture.</summary>
    /// <param name="images">Normalised pictures, (pictures, 3, side, side).</param>
    /// <param name="pictures">How many, at least 1.</param>
    /// <param name="side">Their height and width.</param>
    /// <returns>(pictures, features).</returns>
    float[] Features(ReadOnlySpan<float> images, int pictures, int side);
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
    public float[] Features(ReadOnlySpan<float> images, int pictures, int side)
    {
        using IDisposable inference = inference_mode(true);
        using DisposeScope scope = NewDisposeScope();
        backbone.eval();
        Tensor x = tensor(images.ToArray(), [pictures, 3, side, side]);                                 // (B, 3, side, side)
        return HashFitting.Floats(backbone.call(x.to(backbone.parameters().First().device)));           // (B, features)
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
