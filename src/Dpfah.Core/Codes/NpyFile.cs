using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Dpfah.Core.Codes;

/// <summary>
/// An array in NumPy's .npy format, versions 1.0 to 3.0: a magic number, the version, a little-endian header length, a header that
/// is a Python dictionary, then the elements. Read here: one or two dimensions, C order, little-endian plain types.
/// </summary>
public sealed partial class NpyFile
{
    private const int MaxHeaderBytes = 1 << 16;
    private const int ReadBytes = 1 << 20;
    private const int Alignment = 64;

    private static readonly Dictionary<string, Func<byte[], int, double>> Types = new(StringComparer.Ordinal)
    {
        ["b1"] = (data, i) => data[i] == 0 ? 0 : 1,
        ["u1"] = (data, i) => data[i],
        ["i1"] = (data, i) => (sbyte)data[i],
        ["i2"] = (data, i) => BinaryPrimitives.ReadInt16LittleEndian(data.AsSpan(2 * i)),
        ["i4"] = (data, i) => BinaryPrimitives.ReadInt32LittleEndian(data.AsSpan(4 * i)),
        ["i8"] = (data, i) => BinaryPrimitives.ReadInt64LittleEndian(data.AsSpan(8 * i)),
        ["f4"] = (data, i) => BinaryPrimitives.ReadSingleLittleEndian(data.AsSpan(4 * i)),
        ["f8"] = (data, i) => BinaryPrimitives.ReadDoubleLittleEndian(data.AsSpan(8 * i)),
    };

    private readonly byte[] data;
    private readonly Func<byte[], int, double> valueAt;

    private NpyFile(string type, int[] shape, byte[] data)
    {
        Type = type;
        Shape = shape;
        this.data = data;
        valueAt = Types[type];
    }

    /// <summary>Element type: <c>b1</c>, <c>u1</c>, <c>i1</c>, <c>i2</c>, <c>i4</c>, <c>i8</c>, <c>f4</c> or <c>f8</c>.</summary>
    public string Type { get; }

    /// <summary>Lengths of the one or two dimensions, row-major.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>Reads an array from a stream's position to its end.</summary>
    /// <exception cref="InvalidDataException">Damaged, or of a kind that is not read here; the message says what to do.</exception>
    /// <remarks>Memory grows with what the stream delivers, not with what its header claims; at most 2 GiB.</remarks>
    public static NpyFile Read(Stream stream)
    {
        (string type, int[] shape) = ParseHeader(ReadHeader(stream));
        // Cut off where it is too long already, below where the next product would overflow.
        long length = shape.Aggregate((long)ItemBytes(type), (product, side) => Math.Min(product * side, 1L << 32));
        if (length > Array.MaxLength)
        {
            throw new InvalidDataException("The array holds more than 2 GiB; save it as int8, or in parts.");
        }

        return new NpyFile(type, shape, ReadData(stream, (int)length));
    }

    /// <summary>Writes an array, version 1.0.</summary>
    /// <typeparam name="T"><see cref="bool"/>, <see cref="byte"/>, <see cref="sbyte"/>, <see cref="short"/>, <see cref="int"/>,
    /// <see cref="long"/>, <see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="stream">Where to.</param>
    /// <param name="values">The elements, row-major.</param>
    /// <param name="shape">Lengths of one or two dimensions; their product is the number of elements.</param>
    /// <exception cref="ArgumentException">Another type, or a shape that does not fit.</exception>
    public static void Write<T>(Stream stream, ReadOnlySpan<T> values, params ReadOnlySpan<int> shape)
        where T : unmanaged
    {
        long elements = 1;
        foreach (int side in shape)
        {
            elements *= side;
        }

        byte[] header = Header<T>(shape);
        if (elements != values.Length)
        {
            throw new ArgumentException($"A shape of {shape.Length} dimensions with {elements} elements does not fit {values.Length} values.", nameof(shape));
        }

        stream.Write(header);
        stream.Write(MemoryMarshal.AsBytes(values));
    }

    /// <summary>What stands before the elements of an array that is written in parts, version 1.0.</summary>
    /// <typeparam name="T">As in <see cref="Write"/>.</typeparam>
    /// <param name="shape">Lengths of one or two dimensions.</param>
    /// <exception cref="ArgumentException">Another type, or a shape that is not written.</exception>
    public static byte[] Header<T>(params ReadOnlySpan<int> shape)
        where T : unmanaged
    {
        foreach (int side in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(side, nameof(shape));
        }

        if (shape.Length is not (1 or 2))
        {
            throw new ArgumentException($"Arrays of one or two dimensions are written, not of {shape.Length}.", nameof(shape));
        }

        string sides = shape.Length == 1 ? $"{shape[0]}," : $"{shape[0]}, {shape[1]}";
        string header = $"{{'descr': '{Description<T>()}', 'fortran_order': False, 'shape': ({sides}), }}";
        header = header.PadRight(header.Length + Alignment - 1 - ((10 + header.Length) % Alignment)) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8), .. Encoding.ASCII.GetBytes(header)];
    }

    /// <summary>Element i in row-major order, as a number; a 64-bit integer beyond 2^53 is rounded.</summary>
    /// <exception cref="IndexOutOfRangeException">No such element.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No such element.</exception>
    public double Value(int index) => valueAt(data, index);

    private static string Description<T>() => default(T) switch
    {
        bool => "|b1",
        byte => "|u1",
        sbyte => "|i1",
        short => "<i2",
        int => "<i4",
        long => "<i8",
        float => "<f4",
        double => "<f8",
        _ => throw new ArgumentException($"Arrays of {typeof(T).Name} are not written."),
    };

    private static int ItemBytes(string type) => type[1] - '0';

    private static string ReadHeader(Stream stream)
    {
        Span<byte> prefix = stackalloc byte[12];
        Span<byte> version = prefix[..8];
        if (stream.ReadAtLeast(version, 8, throwOnEndOfStream: false) < 8 || prefix[0] != 0x93 || !prefix[1..6].SequenceEqual("NUMPY"u8))
        {
            throw new InvalidDataException("This is no .npy file; write it with numpy.save.");
        }

        (byte major, byte minor) = (prefix[6], prefix[7]);
        if (major is < 1 or > 3 || minor != 0)
        {
            throw new InvalidDataException($"The .npy version is {major}.{minor}; 1.0, 2.0 and 3.0 are read.");
        }

        Span<byte> lengthBytes = prefix[8..(major == 1 ? 10 : 12)];
        lengthBytes = ReadFully(stream, lengthBytes);
        uint length = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(lengthBytes) : BinaryPrimitives.ReadUInt32LittleEndian(lengthBytes);
        if (length > MaxHeaderBytes)
        {
            throw new InvalidDataException($"The .npy header claims {length} bytes; one of an array of numbers has at most {MaxHeaderBytes}.");
        }

        return Encoding.UTF8.GetString(ReadFully(stream, new byte[length]));
    }

    private static Span<byte> ReadFully(Stream stream, Span<byte> target) =>
        stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) == target.Length
            ? target
            : throw new InvalidDataException("The .npy file ends inside its header; it is damaged.");

    private static (string Type, int[] Shape) ParseHeader(string header)
    {
        Match match = Dictionary().Match(header.Trim());
        if (!match.Success)
        {
            throw new InvalidDataException("The .npy header is none of an array of numbers; save a plain numeric array with numpy.save.");
        }

        var entries = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((Capture key, Capture value) in match.Groups["key"].Captures.Zip(match.Groups["value"].Captures))
        {
            if (!entries.TryAdd(key.Value, value.Value))
            {
                throw new InvalidDataException($"The .npy header names '{key.Value}' twice; it is damaged.");
            }
        }

        if (entries.Count != 3
            || !entries.TryGetValue("descr", out string? description)
            || !entries.TryGetValue("fortran_order", out string? fortranOrder)
            || !entries.TryGetValue("shape", out string? shape))
        {
            throw new InvalidDataException("The .npy header has not just the entries descr, fortran_order and shape; it is damaged.");
        }

        if (fortranOrder != "False")
        {
            throw new InvalidDataException("The array is in Fortran order; save numpy.ascontiguousarray of it.");
        }

        return (ParseType(description.Trim('\'')), ParseShape(shape));
    }

    private static string ParseType(string description)
    {
        bool oneByte = description.EndsWith('1');
        string type = description.Length == 3 && (description[0] == '<' || (oneByte && description[0] is '|' or '=')) ? description[1..] : "";
        return Types.ContainsKey(type)
            ? type
            : throw new InvalidDataException(
                $"The element type '{description}' is not read; save the array as bool, uint8, int8, int16, int32, int64, float32 or float64, little-endian.");
    }

    private static int[] ParseShape(string text)
    {
        string[] sides = text.Trim('(', ')').Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var shape = new int[sides.Length];
        for (int i = 0; i < shape.Length; i++)
        {
            if (!int.TryParse(sides[i], NumberStyles.None, CultureInfo.InvariantCulture, out shape[i]))
            {
                throw new InvalidDataException($"The shape {text} of the array is damaged, or too large.");
            }
        }

        return shape.Length is 1 or 2
            ? shape
            : throw new InvalidDataException($"The array has {shape.Length} dimensions; arrays of one or two are read.");
    }

    private static byte[] ReadData(Stream stream, int length)
    {
        byte[] data = [];
        for (int filled = 0; filled < length;)
        {
            // Twice the size each time, so that a header alone cannot ask for memory.
            Array.Resize(ref data, (int)Math.Min(length, Math.Max(ReadBytes, 2L * filled)));
            int read = stream.ReadAtLeast(data.AsSpan(filled), data.Length - filled, throwOnEndOfStream: false);
            if (read < data.Length - filled)
            {
                throw new InvalidDataException("The .npy file ends before its last element; it is damaged.");
            }

            filled = data.Length;
        }

        return stream.ReadByte() < 0
            ? data
            : throw new InvalidDataException("The .npy file goes on after its last element; it is damaged.");
    }

    [GeneratedRegex(
        @"\A\{(\s*'(?<key>[a-z_]{1,20})'\s*:\s*(?<value>'[^']{0,20}'|True|False|\([0-9, ]*\))\s*(,|(?=\})))*\s*\}\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Dictionary();
}
