using Dpfah.Core.Models;
using Dpfah.Learning.Native;
using Dpfah.Learning.Networks;
using static TorchSharp.torch;

namespace Dpfah.Learning.Models;

/// <summary>The backbone as a safetensors file: parameters and running statistics under torchvision's names.</summary>
/// <remarks>The counters of batch norm (<c>num_batches_tracked</c>) are not stored: no result depends on them.</remarks>
public static class BackboneFile
{
    /// <summary>Writes the tensors of a backbone.</summary>
    /// <returns>Digest of the file's tensors, as in <see cref="BackboneDescription.Digest"/>.</returns>
    public static string Save(ResNet18 backbone, string path)
    {
        SafetensorsWriter.Write(path, Tensors(backbone));
        return Digest(path);
    }

    /// <summary>Reads a backbone; the names say how many blocks its last stage has.</summary>
    /// <param name="path">The file, in any floating-point type.</param>
    /// <param name="attention">Whether the parameter-free attention follows the max pool; it has no tensors.</param>
    /// <returns>The network in float32 on the CPU, in evaluation mode; the caller owns it.</returns>
    /// <exception cref="InvalidDataException">The file is damaged or holds another network.</exception>
    public static ResNet18 Load(string path, bool attention) => Load(path, attention ? AttentionOptions.Paper : AttentionOptions.None);

    /// <inheritdoc cref="Load(string, bool)"/>
    public static ResNet18 Load(string path, AttentionOptions attention)
    {
        TorchRuntime.EnsureInitialized();
        var backbone = new ResNet18(attention, LastStageBlocks(SafetensorsFile.Open(path)));
        try
        {
            SafetensorsReader.ReadInto(path, Tensors(backbone));
            backbone.eval();
            return backbone;
        }
        catch
        {
            backbone.Dispose();
            throw;
        }
    }

    /// <summary>Digest of the tensors of a safetensors file, as in <see cref="BackboneDescription.Digest"/>.</summary>
    public static string Digest(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return SafetensorsFile.Read(stream).Digest(stream);
    }

    /// <summary>Blocks of the last stage, 2 or 3, as the names of a backbone's tensors say.</summary>
    internal static int LastStageBlocks(SafetensorsFile file) =>
        file.Tensors.Any(entry => entry.Name.StartsWith("layer4.2.", StringComparison.Ordinal)) ? 3 : 2;

    /// <summary>The tensors that the file holds, by name: those of the network itself, not copies.</summary>
    internal static IReadOnlyDictionary<string, Tensor> Tensors(Backbone backbone) =>
        backbone.state_dict()
            .Where(pair => !pair.Key.EndsWith(".num_batches_tracked", StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);
}
