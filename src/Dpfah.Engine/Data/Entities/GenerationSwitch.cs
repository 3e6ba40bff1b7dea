namespace Dpfah.Engine.Data.Entities;

/// <summary>One line of a collection's history: which generation answered from when on.</summary>
internal sealed class GenerationSwitch
{
    public int Id { get; set; }

    public int CollectionId { get; set; }

    /// <summary>The generation that answered before. Not a foreign key: its codes may be deleted since.</summary>
    public int FromGenerationId { get; set; }

    /// <summary>The generation that answered from then on.</summary>
    public int ToGenerationId { get; set; }

    /// <summary>Name of its model, kept when the generation is gone.</summary>
    public required string ToModel { get; set; }

    /// <summary>Name of the key that asked for it; null without keys.</summary>
    public string? By { get; set; }

    /// <summary>Whether it was forced although the gate did not hold.</summary>
    public bool Forced { get; set; }

    /// <summary>Whether somebody confirmed a switch that could not be measured.</summary>
    public bool Confirmed { get; set; }

    /// <summary>What the gate said, in a sentence.</summary>
    public string? Gate { get; set; }

    public DateTime CreatedAt { get; set; }
}
