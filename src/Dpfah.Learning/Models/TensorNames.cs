using static TorchSharp.torch;

namespace Dpfah.Learning.Models;

/// <summary>Compares the tensors of a file with those of a network.</summary>
internal static class TensorNames
{
    private const int MostToName = 5;

    /// <summary>Throws unless a file has exactly the tensors that a network needs.</summary>
    /// <param name="file">The file, for the message.</param>
    /// <param name="found">Shapes by name.</param>
    /// <param name="expected">The network's tensors by name.</param>
    /// <exception cref="InvalidDataException">Names what is missing, unknown or of another shape.</exception>
    public static void ThrowIfOthers(
        string file, IReadOnlyDictionary<string, IReadOnlyList<long>> found, IReadOnlyDictionary<string, Tensor> expected) =>
        ThrowIfOthers(file, found, expected.ToDictionary(pair => pair.Key, pair => pair.Value.shape));

    /// <inheritdoc cref="ThrowIfOthers(string, IReadOnlyDictionary{string, IReadOnlyList{long}}, IReadOnlyDictionary{string, Tensor})"/>
    public static void ThrowIfOthers(
        string file, IReadOnlyDictionary<string, IReadOnlyList<long>> found, IReadOnlyDictionary<string, long[]> expected)
    {
        string[] faults =
        [
            .. expected.Keys.Except(found.Keys).Order(StringComparer.Ordinal).Select(name => $"'{name}' is missing"),
            .. found.Keys.Except(expected.Keys).Order(StringComparer.Ordinal).Select(name => $"'{name}' is not expected"),
            .. found.Keys.Intersect(expected.Keys).Order(StringComparer.Ordinal)
                .Where(name => !found[name].SequenceEqual(expected[name]))
                .Select(name => $"'{name}' has the shape {Text(found[name])}, expected {Text(expected[name])}"),
        ];
        if (faults.Length > 0)
        {
            string more = faults.Length > MostToName ? $" and {faults.Length - MostToName} more" : "";
            throw new InvalidDataException($"{file} does not fit the network: {string.Join("; ", faults.Take(MostToName))}{more}.");
        }
    }

    private static string Text(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
