using Dpfah.Core.Models;
using Dpfah.Learning.Inference;
using Dpfah.Learning.Networks;

namespace Dpfah.Learning.Models;

/// <summary>
/// Reads a backbone's file as the CPU's kernels take it, batch norm folded in, without libtorch: a service that computes on the CPU
/// does without its time to load and its memory.
/// </summary>
/// <remarks>The values are those of <see cref="FoldedConvolution.Folded"/>, bit for bit.</remarks>
internal static class FoldedBackbone
{
    // As nn.BatchNorm2d has it unless told otherwise.
    private const double Epsilon = 1e-5;

    /// <summary>Reads a backbone; the names say how many blocks its last stage has.</summary>
    /// <param name="path">The file, in any floating-point type.</param>
    /// <param name="attention">Whether the parameter-free attention follows the max pool; it has no tensors.</param>
    /// <exception cref="InvalidDataException">The file is damaged, holds another network, or a value that is not finite.</exception>
    public static NetworkWeights Read(string path, bool attention)
    {
        using FileStream stream = File.OpenRead(path);
        SafetensorsFile file = SafetensorsFile.Read(stream);
        int lastStageBlocks = BackboneFile.LastStageBlocks(file);
        TensorNames.ThrowIfOthers(
            Path.GetFileName(path), file.Tensors.ToDictionary(entry => entry.Name, entry => entry.Shape), ModelCheck.BackboneShapes(lastStageBlocks));
        Dictionary<string, SafetensorsEntry> entries = file.Tensors.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        float[] Values(string name) => Finite(name, SafetensorsFloats.Read(stream, entries[name]));
        ConvolutionWeights Folded(string convolution, string norm, int stride) =>
            Fold(entries[$"{convolution}.weight"].Shape, stride, Values($"{convolution}.weight"), part => Values($"{norm}.{part}"));
        BlockWeights Block(int stage, int block)
        {
            string name = $"layer{stage}.{block}", shortcut = $"{name}.downsample";
            int stride = block == 0 && stage > 1 ? 2 : 1;
            return new BlockWeights(
                Folded($"{name}.conv1", $"{name}.bn1", stride),
                Folded($"{name}.conv2", $"{name}.bn2", 1),
                entries.ContainsKey($"{shortcut}.0.weight") ? Folded($"{shortcut}.0", $"{shortcut}.1", stride) : null);
        }

        return new NetworkWeights(
            Folded("conv1", "bn1", 2),
            [.. Enumerable.Range(1, 4).SelectMany(stage => Enumerable.Range(0, stage == 4 ? lastStageBlocks : 2).Select(block => Block(stage, block)))],
            attention);
    }

    private static float[] Finite(string name, float[] values) => Array.TrueForAll(values, float.IsFinite)
        ? values
        : throw new InvalidDataException($"The tensor '{name}' of the backbone file has a value that is not finite.");

    /// <summary>w' = w γ/√(σ² + ε) and b' = β − μ γ/√(σ² + ε), in double precision.</summary>
    /// <param name="shape">Of w: (outputs, inputs, side, side).</param>
    /// <param name="stride">Of the convolution.</param>
    /// <param name="weight">w, which becomes w'.</param>
    /// <param name="norm">Gives γ, β, μ and σ² by their names.</param>
    private static ConvolutionWeights Fold(IReadOnlyList<long> shape, int stride, float[] weight, Func<string, float[]> norm)
    {
        float[] gamma = norm("weight"), beta = norm("bias"), mean = norm("running_mean"), variance = norm("running_var");
        var bias = new float[gamma.Length];
        int taps = weight.Length / bias.Length;
        for (int output = 0; output < bias.Length; output++)
        {
            double scale = gamma[output] / Math.Sqrt(variance[output] + Epsilon);
            bias[output] = (float)(beta[output] - (mean[output] * scale));
            foreach (ref float value in weight.AsSpan(output * taps, taps))
            {
                value = (float)(value * scale);
            }
        }

        return new ConvolutionWeights(weight, bias, (int)shape[0], (int)shape[1], (int)shape[2], stride);
    }
}
