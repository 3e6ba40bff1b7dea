using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Training;

/// <summary>The memory layout in which oneDNN trains fastest: all channels of a pixel side by side. TorchSharp has no name for it.</summary>
internal static class ChannelsLast
{
    /// <summary>The same values in that layout, shape (B, C, H, W).</summary>
    public static Tensor Of(Tensor maps)
    {
        using DisposeScope scope = NewDisposeScope();
        return maps.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    /// <summary>Brings the filters of all convolutions into that layout; gradients and optimizer state follow it.</summary>
    public static void Apply(nn.Module module)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach ((_, TorchSharp.Modules.Parameter parameter) in module.named_parameters())
        {
            if (parameter.dim() == 4)
            {
                _ = parameter.set_(Of(parameter));
            }
        }
    }
}
