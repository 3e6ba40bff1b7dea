namespace Dpfah.Engine.Imports.Sources;

/// <summary>What an archive's entry is.</summary>
internal enum EntryKind
{
    /// <summary>A file.</summary>
    File,

    /// <summary>A folder, or what describes other entries: not counted.</summary>
    Folder,

    /// <summary>A symbolic or hard link.</summary>
    Link,

    /// <summary>A device, a pipe, or something unknown.</summary>
    Special,

    /// <summary>An encrypted file.</summary>
    Encrypted,
}
