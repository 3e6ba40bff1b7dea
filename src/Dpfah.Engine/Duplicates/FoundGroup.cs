namespace Dpfah.Engine.Duplicates;

/// <summary>A group of near duplicates.</summary>
/// <param name="Group">Its number, from 1; the largest group is the first.</param>
/// <param name="Pictures">Pictures that it has.</param>
/// <param name="Members">The first of them, by item number.</param>
public sealed record FoundGroup(int Group, int Pictures, IReadOnlyList<FoundMember> Members);

/// <summary>A picture of a group.</summary>
public sealed record FoundMember
{
    /// <summary>Number of its group.</summary>
    public required int Group { get; init; }

    /// <summary>Its item number.</summary>
    public required long Number { get; init; }

    /// <summary>Its public id.</summary>
    public required string Id { get; init; }

    /// <summary>Distance of its code to that of the group's first picture, in bits.</summary>
    public required int Distance { get; init; }

    /// <summary>Its labels.</summary>
    public required IReadOnlyList<string> Labels { get; init; }
}
