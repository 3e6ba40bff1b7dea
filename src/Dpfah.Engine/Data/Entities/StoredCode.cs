namespace Dpfah.Engine.Data.Entities;

/// <summary>Code and signature of an item in one generation.</summary>
internal sealed class StoredCode
{
    public int GenerationId { get; set; }

    public long ItemNumber { get; set; }

    public required byte[] Code { get; set; }

    public required byte[] Signature { get; set; }
}
