using System.Globalization;

namespace Dpfah.Core.Indexing.Filters;

/// <summary>A value of an item's field: a text, a number, a truth value, null, or something that no condition compares.</summary>
/// <remarks>
/// The order is total: opaque, null, false, true, numbers by size, texts by their UTF-16 units (ordinal). NaN is the least number.
/// Sixteen bytes: the kind is told by the reference.
/// </remarks>
public readonly struct FieldValue : IEquatable<FieldValue>, IComparable<FieldValue>
{
    private static readonly object TruthTag = new(), NumberTag = new(), NullTag = new();

    // A text itself, or a tag; null for what is opaque.
    private readonly object? tag;
    private readonly double number;

    private FieldValue(object tag, double number)
    {
        this.tag = tag;
        this.number = number;
    }

    /// <summary>A field that is there with a value that is not compared, such as a nested object. It equals itself only.</summary>
    public static FieldValue Opaque => default;

    /// <summary>A null.</summary>
    public static FieldValue Null => new(NullTag, 0);

    /// <summary>The text; null for values of another kind.</summary>
    public string? Text => tag as string;

    /// <summary>Whether this is a number.</summary>
    public bool IsNumber => ReferenceEquals(tag, NumberTag);

    // Place of the kind in the order.
    private int Kind => tag is null ? 0 : ReferenceEquals(tag, NullTag) ? 1 : ReferenceEquals(tag, TruthTag) ? 2 : IsNumber ? 3 : 4;

    /// <summary>A truth value.</summary>
    public static FieldValue Of(bool truth) => new(TruthTag, truth ? 1 : 0);

    /// <summary>A number. Zero has no sign: -0 is the same value.</summary>
    public static FieldValue Of(double number) => new(NumberTag, number + 0.0);

    /// <summary>A text.</summary>
    public static FieldValue Of(string text) => new(text ?? throw new ArgumentNullException(nameof(text)), 0);

    /// <summary>Whether both are the same value.</summary>
    public static bool operator ==(FieldValue left, FieldValue right) => left.Equals(right);

    /// <summary>Whether the two differ.</summary>
    public static bool operator !=(FieldValue left, FieldValue right) => !left.Equals(right);

    /// <summary>Comes before in the order.</summary>
    public static bool operator <(FieldValue left, FieldValue right) => left.CompareTo(right) < 0;

    /// <summary>Comes after in the order.</summary>
    public static bool operator >(FieldValue left, FieldValue right) => left.CompareTo(right) > 0;

    /// <summary>Comes before in the order, or is the same value.</summary>
    public static bool operator <=(FieldValue left, FieldValue right) => left.CompareTo(right) <= 0;

    /// <summary>Comes after in the order, or is the same value.</summary>
    public static bool operator >=(FieldValue left, FieldValue right) => left.CompareTo(right) >= 0;

    /// <summary>Whether a range between values of one kind can hold this value: numbers are in no range of texts.</summary>
    public bool IsSameKind(FieldValue other) => Kind == other.Kind;

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is no value.</exception>
    public static FieldValue Read(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        byte kind = reader.ReadByte();
        return kind switch
        {
            0 => Opaque,
            1 => Null,
            2 => Of(reader.ReadBoolean()),
            3 => Of(reader.ReadDouble()),
            4 => Of(reader.ReadString()),
            _ => throw new InvalidDataException($"{kind} is no kind of a value."),
        };
    }

    /// <summary>Writes the value, for another process of the same version.</summary>
    public void Write(BinaryWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write((byte)Kind);
        switch (Kind)
        {
            case 2:
                writer.Write(number != 0);
                break;
            case 3:
                writer.Write(number);
                break;
            case 4:
                writer.Write((string)tag!);
                break;
        }
    }

    /// <inheritdoc/>
    public bool Equals(FieldValue other) =>
        tag is string text ? other.tag is string otherText && string.Equals(text, otherText, StringComparison.Ordinal)
            : ReferenceEquals(tag, other.tag) && number.Equals(other.number);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is FieldValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => tag is string text ? string.GetHashCode(text, StringComparison.Ordinal) : HashCode.Combine(Kind, number);

    /// <inheritdoc/>
    public int CompareTo(FieldValue other)
    {
        int order = Kind.CompareTo(other.Kind);
        return order != 0 ? order : tag is string text ? string.CompareOrdinal(text, (string)other.tag!) : number.CompareTo(other.number);
    }

    /// <summary>The value as JSON writes it, but for the escapes.</summary>
    public override string ToString() => Kind switch
    {
        0 => "{}",
        1 => "null",
        2 => number != 0 ? "true" : "false",
        3 => number.ToString("R", CultureInfo.InvariantCulture),
        _ => $"\"{tag}\"",
    };
}
