using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Dpfah.Learning.Tests;

/// <summary>Which method calls which, as it stands in the IL of an assembly.</summary>
/// <remarks>
/// A method is named <c>Namespace.Type+Nested::Name(parameters)</c>, generic parameters by their numbers, so that a call has the name of the
/// definition that it calls, in this assembly or in another.
/// </remarks>
internal static class AssemblyCalls
{
    private static readonly Dictionary<short, OpCode> OpCodes = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    /// <summary>All calls of all methods, constructions and delegates taken of a method among them.</summary>
    /// <param name="path">The assembly's file.</param>
    public static List<(string Caller, string Callee)> Read(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        MetadataReader metadata = file.GetMetadataReader();
        var calls = new List<(string, string)>();
        foreach (MethodDefinitionHandle handle in metadata.MethodDefinitions)
        {
            int body = metadata.GetMethodDefinition(handle).RelativeVirtualAddress;
            if (body != 0)
            {
                string caller = NameOf(metadata, handle);
                calls.AddRange(Called(file.GetMethodBody(body).GetILReader()).Select(callee => (caller, NameOf(metadata, callee))));
            }
        }

        return calls;
    }

    private static List<EntityHandle> Called(BlobReader il)
    {
        var called = new List<EntityHandle>();
        while (il.RemainingBytes > 0)
        {
            byte first = il.ReadByte();
            OpCode code = OpCodes[first == 0xFE ? (short)((0xFE << 8) | il.ReadByte()) : first];
            switch (code.OperandType)
            {
                case OperandType.InlineMethod:
                    called.Add(MetadataTokens.EntityHandle(il.ReadInt32()));
                    break;
                case OperandType.InlineSwitch:
                    int targets = il.ReadInt32();
                    il.Offset += targets * sizeof(int);
                    break;
                default:
                    il.Offset += Length(code.OperandType);
                    break;
            }
        }

        return called;
    }

    private static int Length(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };

    private static string NameOf(MetadataReader metadata, EntityHandle method)
    {
        switch (method.Kind)
        {
            case HandleKind.MethodSpecification:
                return NameOf(metadata, metadata.GetMethodSpecification((MethodSpecificationHandle)method).Method);
            case HandleKind.MethodDefinition:
                MethodDefinition definition = metadata.GetMethodDefinition((MethodDefinitionHandle)method);
                return NameOf(metadata, definition.GetDeclaringType(), definition.Name, definition.DecodeSignature(TypeNames.Instance, null));
            default:
                MemberReference reference = metadata.GetMemberReference((MemberReferenceHandle)method);
                return NameOf(metadata, reference.Parent, reference.Name, reference.DecodeMethodSignature(TypeNames.Instance, null));
        }
    }

    private static string NameOf(MetadataReader metadata, EntityHandle type, StringHandle name, MethodSignature<string> signature) =>
        $"{TypeNames.Of(metadata, type)}::{metadata.GetString(name)}({string.Join(", ", signature.ParameterTypes)})";
}
