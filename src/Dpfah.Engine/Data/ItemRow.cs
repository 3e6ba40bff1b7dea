namespace Dpfah.Engine.Data;

/// <summary>What an index takes of an item, as the database has it. The bytes are valid until the next row is read.</summary>
internal readonly ref struct ItemRow
{
    /// <summary>Item number.</summary>
    public required long Number { get; init; }

    /// <summary>Public id, UTF-8.</summary>
    public required ReadOnlySpan<byte> PublicId { get; init; }

    /// <summary>Labels in the provider's form, which <see cref="BulkReader.ParseLabels"/> reads; equal labels have equal bytes.</summary>
    public required ReadOnlySpan<byte> Labels { get; init; }

    /// <summary>Metadata as JSON, UTF-8; empty for none.</summary>
    public required ReadOnlySpan<byte> Metadata { get; init; }

    /// <summary>Code, lowest bit first.</summary>
    public required ReadOnlySpan<byte> Code { get; init; }

    /// <summary>Signature, lowest bit first.</summary>
    public required ReadOnlySpan<byte> Signature { get; init; }
}

/// <summary>Takes a row; called on one thread at a time.</summary>
internal delegate void ItemRowHandler(in ItemRow row);
