using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Explaining;

/// <summary>
/// Grad-CAM: which places of a picture a number of the network comes from. Selvaraju et al., "Grad-CAM: Visual Explanations from
/// Deep Networks via Gradient-based Localization", ICCV 2017.
/// </summary>
/// <remarks>
/// With the last feature maps A^k and a target T: w_k = mean over places of ∂T/∂A^k, map = ReLU(Σ_k w_k A^k), divided by its
/// maximum. The network runs in evaluation mode, whatever its mode was, and gets that back. Not safe beside other use of the
/// network.
/// </remarks>
public static class GradCam
{
    /// <summary>The last of the network's stages.</summary>
    public const int LastStage = 4;

    /// <summary>Fewest cells along a side of a heat map that shows more than a corner; the grid of 224 pixels at the last stage.</summary>
    private const int LeastCells = 7;

    /// <summary>The last stage whose maps have at least seven cells along a side, as the last stage has at 224 pixels.</summary>
    /// <param name="side">Side of the picture in pixels.</param>
    public static int StageFor(int side)
    {
        int stage = LastStage;
        while (stage > 1 && side >> (stage + 1) < LeastCells)
        {
            stage--;
        }

        return stage;
    }

    /// <summary>Explains a number of one picture.</summary>
    /// <param name="network">The network; no parameter changes, none gets a gradient.</param>
    /// <param name="image">The normalised picture, shape (1, 3, H, W); H and W multiples of 32.</param>
    /// <param name="target">The number T.</param>
    /// <param name="stage">The stage whose maps are weighed: 4, the last one, as in the article; an earlier one has a finer grid.</param>
    /// <returns>H/32 rows of W/32 values for the last stage, each stage before twice as many; the largest 1; all 0 where nothing speaks for T.</returns>
    /// <exception cref="ArgumentException">More or less than one picture, or a target that does not fit the network.</exception>
    public static HeatMap Explain(DpfahNetwork network, Tensor image, ExplanationTarget target, int stage = LastStage)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stage, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(stage, LastStage);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(target);
        if (image.dim() != 4 || image.shape[0] != 1)
        {
            throw new ArgumentException(
                $"Grad-CAM explains one picture of shape (1, 3, H, W), not ({string.Join(", ", image.shape)}).", nameof(image));
        }

        using DisposeScope scope = NewDisposeScope();
        bool training = network.training;
        network.eval();
        try
        {
            ResNet18 trunk = TrunkOf(network);
            return Map(Maps(trunk, image, stage), maps => target.Compute(network, trunk.Finish(maps, stage).mean([2, 3])));
        }
        finally
        {
            network.train(training);
        }
    }

    /// <summary>The map of feature maps and any target.</summary>
    /// <param name="maps">A, shape (1, C, h, w).</param>
    /// <param name="target">T as a function of A; a scalar.</param>
    /// <returns>h rows of w values in [0, 1].</returns>
    internal static HeatMap Map(Tensor maps, Func<Tensor, Tensor> target)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor slopes = Slopes(maps, target);                                       // ∂T/∂A: (1, C, h, w)
        using IDisposable quiet = no_grad();
        Tensor weights = slopes.mean([2, 3], keepdim: true);                        // w: (1, C, 1, 1)
        Tensor map = (weights * maps).sum(1).relu()[0];                             // ReLU(Σ w_k A^k): (h, w)
        double largest = map.max().to_type(ScalarType.Float64).item<double>();
        if (largest > 0)
        {
            map = map.DividedBy(largest);
        }

        float[] values = map.ClampedTo(0, 1).to_type(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
        return new HeatMap((int)map.shape[1], (int)map.shape[0], values);
    }

    /// <summary>∂T/∂A by automatic differentiation, from the maps on: nothing reaches the layers below them.</summary>
    internal static Tensor Slopes(Tensor maps, Func<Tensor, Tensor> target)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable recording = enable_grad();
        Tensor leaf = maps.detach().clone().requires_grad_();                       // A: (1, C, h, w)
        Tensor value = target(leaf);                                                // T: ()
        return autograd.grad([value], [leaf])[0].MoveToOuterDisposeScope();
    }

    /// <summary>A: the output of a stage, shape (1, C, h, w).</summary>
    private static Tensor Maps(ResNet18 trunk, Tensor image, int stage)
    {
        using IDisposable quiet = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor? maps = null;
        _ = trunk.FeatureMaps(image, (name, output) => maps = name == $"layer{stage}" ? output.clone().MoveToOtherDisposeScope(scope) : maps);
        return maps!.MoveToOuterDisposeScope();
    }

    private static ResNet18 TrunkOf(DpfahNetwork network) => network.Backbone as ResNet18
        ?? throw new ArgumentException($"Grad-CAM reads the last maps of ResNet18; the network is built on {network.Backbone.ArchitectureName}.", nameof(network));
}
