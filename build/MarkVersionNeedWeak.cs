using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies an ELF library and marks one version need weak (VER_FLG_WEAK) in the copy, so that the dynamic loader accepts
/// a dependency without that version. A library that is not 64-bit little-endian ELF, has no such need, or needs the
/// version for any other symbol, is copied unchanged.
/// </summary>
/// <remarks>Compiled by the build (NativeLibraries.targets). Layouts: "System V ABI", "Linux Standard Base: Symbol Versioning".</remarks>
public class MarkVersionNeedWeak : Task
{
    private const uint DynamicSymbols = 11;          // SHT_DYNSYM
    private const uint VersionNeeds = 0x6ffffffe;    // SHT_GNU_verneed
    private const uint SymbolVersions = 0x6fffffff;  // SHT_GNU_versym
    private const ushort Weak = 2;                   // VER_FLG_WEAK
    private const int SymbolSize = 24;               // sizeof(Elf64_Sym)

    private byte[] file;

    [Required]
    public string Source { get; set; }

    [Required]
    public string Destination { get; set; }

    /// <summary>The version whose need becomes weak.</summary>
    [Required]
    public string Version { get; set; }

    /// <summary>The only symbol that may carry the version.</summary>
    [Required]
    public string Symbol { get; set; }

    public override bool Execute()
    {
        file = File.ReadAllBytes(Source);
        bool marked;
        try
        {
            marked = TryMark();
        }
        catch (Exception error) when (error is IndexOutOfRangeException || error is ArgumentException || error is OverflowException)
        {
            // An offset that points out of the file: not a library that this task knows. Nothing was changed yet.
            marked = false;
        }

        Log.LogMessage(MessageImportance.Normal, "{0}: {1} {2}", Source, Version, marked ? "marked weak" : "left as it is");

        // The destination may be linked into output folders: a new file replaces it, its bytes are never changed.
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(Destination)));
        string temporary = Destination + "." + Guid.NewGuid().ToString("N");
        File.WriteAllBytes(temporary, file);
        if (File.Exists(Destination))
        {
            File.Replace(temporary, Destination, null);
        }
        else
        {
            File.Move(temporary, Destination);
        }

        return true;
    }

    private bool TryMark()
    {
        // \x7f E L F, 64 bits, little-endian.
        if (file.Length < 64 || UInt32(0) != 0x464c457f || file[4] != 2 || file[5] != 1)
        {
            return false;
        }

        int needs = FindSection(VersionNeeds), versions = FindSection(SymbolVersions), symbols = FindSection(DynamicSymbols);
        if (needs < 0 || versions < 0 || symbols < 0)
        {
            return false;
        }

        int need = FindNeed(needs);
        return need >= 0 && OnlySymbolOf(UInt16(need + 6), versions, symbols) && SetWeak(need);
    }

    /// <summary>Position of the Elf64_Vernaux with the version's name, or -1.</summary>
    private int FindNeed(int section)
    {
        int strings = Offset(SectionHeader((int)UInt32(section + 40)));
        for (int library = Offset(section); ; library += (int)UInt32(library + 12))
        {
            int need = library + (int)UInt32(library + 8);
            for (int count = UInt16(library + 2); count > 0; count--, need += (int)UInt32(need + 12))
            {
                if (Text(strings + (int)UInt32(need + 8)) == Version)
                {
                    return need;
                }
            }

            if (UInt32(library + 12) == 0)
            {
                return -1;
            }
        }
    }

    private bool OnlySymbolOf(ushort index, int versions, int symbols)
    {
        int strings = Offset(SectionHeader((int)UInt32(symbols + 40)));
        int count = checked((int)UInt64(symbols + 32)) / SymbolSize;
        bool found = false;
        for (int i = 0; i < count; i++)
        {
            if ((UInt16(Offset(versions) + (2 * i)) & 0x7fff) == index)
            {
                if (Text(strings + (int)UInt32(Offset(symbols) + (SymbolSize * i))) != Symbol)
                {
                    return false;
                }

                found = true;
            }
        }

        return found;
    }

    private bool SetWeak(int need)
    {
        BitConverter.GetBytes((ushort)(UInt16(need + 4) | Weak)).CopyTo(file, need + 4);
        return true;
    }

    /// <summary>Position of the header of the first section of a type, or -1.</summary>
    private int FindSection(uint type)
    {
        for (int i = 0; i < UInt16(60); i++)
        {
            if (UInt32(SectionHeader(i) + 4) == type)
            {
                return SectionHeader(i);
            }
        }

        return -1;
    }

    private int SectionHeader(int index) => checked((int)UInt64(40) + (UInt16(58) * index));

    private int Offset(int sectionHeader) => checked((int)UInt64(sectionHeader + 24));

    private ushort UInt16(int position) => BitConverter.ToUInt16(file, position);

    private uint UInt32(int position) => BitConverter.ToUInt32(file, position);

    private ulong UInt64(int position) => BitConverter.ToUInt64(file, position);

    private string Text(int position) => Encoding.ASCII.GetString(file, position, Array.IndexOf<byte>(file, 0, position) - position);
}
