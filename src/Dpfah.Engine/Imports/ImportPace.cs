namespace Dpfah.Engine.Imports;

/// <summary>How many entries of an upload are at work at once. Each lost process leads to the next.</summary>
internal enum ImportPace
{
    /// <summary>As many as there are processors for.</summary>
    Normal,

    /// <summary>A few, all of which are written before the next.</summary>
    Few,

    /// <summary>One.</summary>
    Single,
}
