using static TorchSharp.torch;

namespace Dpfah.Learning.Models;

/// <summary>Names of element types in safetensors files.</summary>
internal static class SafetensorsTypes
{
    private static readonly Dictionary<ScalarType, string> Names = new()
    {
        [ScalarType.Float64] = "F64",
        [ScalarType.Float32] = "F32",
        [ScalarType.Float16] = "F16",
        [ScalarType.BFloat16] = "BF16",
        [ScalarType.Int64] = "I64",
        [ScalarType.Int32] = "I32",
        [ScalarType.Int16] = "I16",
        [ScalarType.Int8] = "I8",
        [ScalarType.Byte] = "U8",
        [ScalarType.Bool] = "BOOL",
    };

    private static readonly Dictionary<string, ScalarType> Types = Names.ToDictionary(pair => pair.Value, pair => pair.Key);

    /// <exception cref="ArgumentException">The format has no such type.</exception>
    public static string NameOf(ScalarType type) =>
        Names.TryGetValue(type, out string? name)
            ? name
            : throw new ArgumentException($"A safetensors file cannot hold tensors of type {type}.", nameof(type));

    public static ScalarType TypeOf(string name) => Types[name];
}
