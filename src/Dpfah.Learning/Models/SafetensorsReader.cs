using Dpfah.Core.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Models;

/// <summary>Reads the tensors of safetensors files.</summary>
public static class SafetensorsReader
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Reads all tensors of a file.</summary>
    /// <returns>Tensors on the CPU by name; the caller owns them.</returns>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static IReadOnlyDictionary<string, Tensor> Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        using DisposeScope scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (SafetensorsEntry entry in SafetensorsFile.Read(stream).Tensors)
        {
            tensors.Add(entry.Name, ReadTensor(stream, entry));
        }

        scope.MoveToOuter(tensors.Values);
        return tensors;
    }

    /// <summary>Reads a file into tensors that exist, such as the parameters of a network.</summary>
    /// <param name="path">The file.</param>
    /// <param name="destination">Tensors by name. The file must have exactly these, in these shapes; types are converted.</param>
    /// <exception cref="InvalidDataException">
    /// The file is damaged, or a tensor is missing, unknown or of another shape: the message names them, and nothing was read.
    /// </exception>
    public static void ReadInto(string path, IReadOnlyDictionary<string, Tensor> destination)
    {
        using FileStream stream = File.OpenRead(path);
        SafetensorsFile file = SafetensorsFile.Read(stream);
        TensorNames.ThrowIfOthers(
            Path.GetFileName(path), file.Tensors.ToDictionary(entry => entry.Name, entry => entry.Shape), destination);
        using IDisposable noGrad = no_grad();
        foreach (SafetensorsEntry entry in file.Tensors)
        {
            using Tensor source = ReadTensor(stream, entry);
            _ = destination[entry.Name].copy_(source);
        }
    }

    private static Tensor ReadTensor(FileStream stream, SafetensorsEntry entry)
    {
        Tensor tensor = empty([.. entry.Shape], SafetensorsTypes.TypeOf(entry.DType));
        stream.Position = entry.Offset;
        tensor.ReadBytesFromStream(stream, BufferBytes);
        return tensor;
    }
}
