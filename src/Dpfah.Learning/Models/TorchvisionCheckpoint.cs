using System.Collections;
using Dpfah.Core.Models;
using Dpfah.Learning.Networks;
using TorchSharp;
using TorchSharp.PyBridge;
using static TorchSharp.torch;

namespace Dpfah.Learning.Models;

/// <summary>Imports a PyTorch state dict of torchvision's resnet18 (<c>.pth</c>) as a backbone.</summary>
/// <remarks>
/// A <c>.pth</c> file is a Python pickle. It is read from the operator's own disk by the command line only, never from a caller
/// of the service: a service takes safetensors.
/// </remarks>
public static class TorchvisionCheckpoint
{
    /// <summary>What torchvision's networks are trained on: red, green and blue in [0, 1], standardised; here in units of bytes.</summary>
    public static Preprocessing Preprocessing { get; } = new(
        256, 224, [0.485f * 255, 0.456f * 255, 0.406f * 255], [0.229f * 255, 0.224f * 255, 0.225f * 255]);

    /// <summary>Writes the backbone of a checkpoint as a safetensors file; its classifier <c>fc</c> is left out.</summary>
    /// <param name="checkpoint">The <c>.pth</c> file: a state dict, as <c>torch.save(model.state_dict(), file)</c> writes it.</param>
    /// <param name="path">Where; a file that is there is replaced.</param>
    /// <returns>Digest of the file's tensors, as in <see cref="BackboneDescription.Digest"/>.</returns>
    /// <exception cref="FileNotFoundException">The checkpoint is not there.</exception>
    /// <exception cref="InvalidDataException">Not a state dict, or not that of a resnet18; the message says which.</exception>
    public static string Convert(string checkpoint, string path)
    {
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors = Unpickle(checkpoint)
            .Where(pair => !pair.Key.StartsWith("fc.", StringComparison.Ordinal)
                && !pair.Key.EndsWith(".num_batches_tracked", StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key, pair => pair.Value.to_type(ScalarType.Float32), StringComparer.Ordinal);
        using var network = new ResNet18(attention: false);
        TensorNames.ThrowIfOthers(
            Path.GetFileName(checkpoint),
            tensors.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<long>)pair.Value.shape),
            BackboneFile.Tensors(network));
        SafetensorsWriter.Write(path, tensors);
        return BackboneFile.Digest(path);
    }

    private static Dictionary<string, Tensor> Unpickle(string checkpoint)
    {
        using FileStream stream = File.OpenRead(checkpoint);
        try
        {
            return PyTorchUnpickler.UnpickleStateDict(stream, leaveOpen: true)
                .Cast<DictionaryEntry>()
                .ToDictionary(entry => (string)entry.Key, entry => (Tensor)entry.Value!, StringComparer.Ordinal);
        }
        catch (Exception error) when (error is EndOfStreamException or not (IOException or OutOfMemoryException))
        {
            // The reader has no exception of its own: on other content it fails by a cast, a missing entry, a pickle opcode.
            throw new InvalidDataException(
                $"{Path.GetFileName(checkpoint)} is not a state dict of tensors in PyTorch's zip format. Save it again with a PyTorch of "
                + $"version 1.6 or later: torch.save(model.state_dict(), file). ({error.Message})",
                error);
        }
    }
}
